{{ scorecard_fact('week') }}
