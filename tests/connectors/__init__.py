import pytest

pytest.register_assert_rewrite("requests_app.connectors.contract", "tests.connectors.sql_contract")
