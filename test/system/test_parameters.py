"""Start-up parameters and session variables (behaviour.md 2)."""

import pytest

from harness import messages as m
from harness.wire import ServerError


def refused(pooler, **parameters):
    with pytest.raises(ServerError) as caught:
        pooler.login(**parameters)
    assert (caught.value.fields["S"], caught.value.fields["C"]) == ("FATAL", "08P01")
    return caught.value.fields["M"]


@pytest.fixture
def spied(start_pooler, fake_server):
    """(pooler, server): a transaction pooler in front of one scripted server that shows the SETs it gets."""
    server = fake_server(reporting_server)
    settings = {"pool_mode": "transaction", "default_pool_size": 1}
    return start_pooler({"p0": f"host=127.0.0.1 port={server.port}"}, settings), server


def reporting_server(connection):
    """Answers queries; a SET list is answered by the ParameterStatus messages PostgreSQL would send."""
    connection.read_startup()
    connection.greet()
    while True:
        message = connection.read()
        if message.kind == "X":
            return
        if message.tag.startswith("SET "):
            for statement in filter(None, message.tag.split(";")):
                name, value = statement[4:].split("=", 1)
                connection.send(m.parameter_status(name, value.strip("'E")), m.command_complete("SET"))
            connection.send(m.ready())
        else:
            connection.serve_query(message.tag)


@pytest.mark.compat
@pytest.mark.quick
def test_s055_startup_encoding_is_welcomed_verbatim_and_set_once(spied):
    pooler, server = spied
    with pooler.login(client_encoding="latin1") as client:
        assert client.parameters["client_encoding"] == "latin1"
        client.rows("select 1")
        client.rows("select 2")
    assert server.queries() == ["SET client_encoding='latin1';", "select 1", "select 2"]


@pytest.mark.compat
@pytest.mark.quick
def test_s056_two_clients_alternating_cost_one_combined_set_per_change_of_hands(spied):
    pooler, server = spied
    with pooler.login(TimeZone="Asia/Tokyo", application_name="one") as one:
        with pooler.login(TimeZone="Asia/Tashkent", application_name="two") as two:
            for client in (one, two, one):
                client.rows("select 1")
                client.rows("select 2")
    first = "SET TimeZone='Asia/Tokyo';SET application_name='one';"
    second = "SET TimeZone='Asia/Tashkent';SET application_name='two';"
    assert server.queries() == [first, "select 1", "select 2", second, "select 1", "select 2",
                                first, "select 1", "select 2"]


@pytest.mark.compat
def test_s057_quotes_and_backslashes_in_values_are_escaped(spied):
    pooler, server = spied
    with pooler.login(application_name="it's \\ x") as client:
        client.rows("select 1")
    assert server.queries()[0] == "SET application_name=E'it''s \\\\ x';"


@pytest.mark.compat
def test_s057_quoted_value_arrives_intact(tx):
    with tx.login(application_name="it's \\ x") as client:
        assert client.value("show application_name") == "it's \\ x"


@pytest.mark.compat
def test_s058_names_are_compared_without_case(tx):
    with tx.login(DATESTYLE="German, YMD") as client:
        assert client.value("show datestyle") == "German, YMD"


@pytest.mark.compat
def test_s059_unknown_parameter_is_refused(pooler):
    assert refused(pooler, zork="1") == "unsupported startup parameter: zork"


@pytest.mark.compat
def test_s060_ignored_parameters_are_matched_with_case(start_pooler):
    pooler = start_pooler(settings={"ignore_startup_parameters": "bar, foo"})
    pooler.login(foo="1").terminate()
    assert refused(pooler, FOO="1") == "unsupported startup parameter: FOO"


def test_s061_unknown_name_in_options_is_refused(pooler):
    assert refused(pooler, options="-c a=b") == "unsupported startup parameter in options: a"


def test_s061_ignored_options_still_apply_tracked_names(start_pooler):
    pooler = start_pooler(settings={"ignore_startup_parameters": "options"})
    with pooler.login(options="-c a=b -c datestyle=German,\\ YMD") as client:
        assert client.value("show datestyle") == "German, YMD"


@pytest.mark.parametrize("options", ["-d", "-c x", "-c datestyle=ISO "], ids=["switch", "no-value", "trailing-blank"])
def test_s062_malformed_options_are_refused(pooler, options):
    expected = "unsupported options startup parameter: only '-c config=val' and '--config=val' are allowed"
    assert refused(pooler, options=options) == expected


@pytest.mark.parametrize("options", ["-c datestyle=German,\\ YMD", "-cdatestyle=German,\\ YMD",
                                     "--datestyle=German,\\ YMD"])
def test_s063_options_set_tracked_parameters(tx, options):
    with tx.login(options=options) as client:
        assert client.value("show datestyle") == "German, YMD"


@pytest.mark.compat
def test_s064_bad_value_fails_at_the_first_query(tx):
    with tx.login(timezone="Mars/Phobos") as client:
        client.send(m.query("select 1"))
        client.expect_fatal("invalid server parameter")
    with tx.login() as client:
        assert client.value("select 1") == "1"


@pytest.mark.compat
def test_s065_rolled_back_set_is_forgotten(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1})
    with pooler.login(application_name="old") as client, pooler.login(application_name="other") as other:
        client.query("begin")
        client.query("set application_name = 'new'")
        client.query("rollback")
        assert other.value("show application_name") == "other"
        assert client.value("show application_name") == "old"


@pytest.mark.compat
def test_set_follows_the_client_from_server_to_server(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1})
    with pooler.login() as client, pooler.login(application_name="other") as other:
        client.query("set application_name = 'mine'")
        assert other.value("show application_name") == "other"
        assert client.value("show application_name") == "mine"


@pytest.mark.compat
def test_s066_canonical_value_is_learned(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1})
    with pooler.login(DateStyle="ISO", application_name="s066") as client:
        client.rows("select 1")
        seen = client.value("select query from pg_stat_activity where pid = pg_backend_pid()")
        assert "SET" not in seen
        assert client.value("show datestyle") == "ISO, MDY"


def test_s067_extra_tracked_parameters_stay_with_each_client(start_pooler):
    settings = {"pool_mode": "transaction", "default_pool_size": 1, "track_extra_parameters": "IntervalStyle"}
    pooler = start_pooler(settings=settings)
    with pooler.login(IntervalStyle="iso_8601") as one, pooler.login(IntervalStyle="sql_standard") as two:
        for _ in range(2):
            assert one.value("show intervalstyle") == "iso_8601"
            assert two.value("show intervalstyle") == "sql_standard"


@pytest.mark.compat
def test_s068_application_name_gets_the_clients_address(start_pooler):
    pooler = start_pooler(settings={"application_name_add_host": 1})
    for given, shown in (({"application_name": "app1"}, "app1"), ({}, "app")):
        with pooler.login(**given) as client:
            port = client.socket.getsockname()[1]
            assert client.value("show application_name") == f"{shown} - 127.0.0.1:{port}"


def test_s069_empty_application_name_is_a_value(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1})
    with pooler.login(application_name="first") as first, pooler.login(application_name="") as second:
        assert first.value("show application_name") == "first"
        assert second.value("show application_name") == ""


def test_s070_long_values_never_show_the_other_clients(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1})
    with pooler.login(application_name="first") as first, pooler.login(application_name="n" * 200) as second:
        assert first.value("show application_name") == "first"
        assert second.value("show application_name") == "n" * 63


@pytest.mark.compat
def test_database_line_parameters_reach_the_server(start_pooler, postgres):
    line = postgres.database("p0", timezone="Asia/Tokyo", client_encoding="LATIN1", datestyle="German")
    pooler = start_pooler({"p0": line})
    with pooler.login() as client:
        assert client.value("show timezone") == "Asia/Tokyo"
        assert client.parameters["client_encoding"] == "LATIN1"


@pytest.mark.compat
def test_connect_query_runs_on_each_new_server(start_pooler, postgres):
    line = postgres.database("p0") + " connect_query='set work_mem to ''5555kB'''"
    pooler = start_pooler({"p0": line})
    with pooler.login() as client:
        assert client.value("show work_mem") == "5555kB"


@pytest.mark.compat
@pytest.mark.parametrize("query", [
    "select 1", "select 1/0", "select 1; select 1/0", "copy (select 1) to stdout", "listen x; notify x",
    "do $$begin raise notice ''hi''; end$$", ";"])
def test_connect_query_may_say_anything(start_pooler, postgres, query):
    pooler = start_pooler({"p0": postgres.database("p0") + f" connect_query='{query}'"})
    with pooler.login() as client:
        assert client.value("select 'ok'") == "ok"


@pytest.mark.compat
def test_connect_query_that_fails_is_read_to_its_end(start_pooler, fake_server):
    def script(server):
        server.read_startup()
        server.greet()
        server.read()
        server.send(m.error_response("22012", "division by zero"), m.ready())
        server.serve()
    pooler = start_pooler({"p0": fake_server(script).database() + " connect_query='select 1/0'"})
    with pooler.login() as client:
        assert client.value("echo ok") == "ok"


@pytest.mark.compat
@pytest.mark.quick
def test_one_set_costs_no_extra_queries_for_equal_clients(spied):
    pooler, server = spied
    with pooler.login(application_name="same") as one, pooler.login(application_name="same") as two:
        for client in (one, two, one, two):
            client.rows("select 1")
    assert server.queries() == ["SET application_name='same';"] + ["select 1"] * 4
