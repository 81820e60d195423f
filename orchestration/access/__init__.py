"""Who may read which table on Postgres, as `seeds/project/role_grants.csv` says; DuckDB has no roles."""
