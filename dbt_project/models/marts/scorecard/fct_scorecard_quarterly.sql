{{ scorecard_fact('quarter') }}
