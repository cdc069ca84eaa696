{{ scorecard_fact('month') }}
