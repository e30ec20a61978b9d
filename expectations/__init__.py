"""What we expect: the contracts of the forms, and the judgement of what arrives against them.

Knows no Excel, no Postgres and no Prefect.
"""
