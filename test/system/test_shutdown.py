"""SHUTDOWN and the signals that end the program (behaviour.md 9, admin-console.md 3 and 5)."""

import os
import signal
import time

import pytest

from harness import messages as m
from harness import net


@pytest.mark.quick
@pytest.mark.parametrize("way", ["command", "SIGINT"])
def test_s157_shutdown_wait_for_servers_lets_linked_clients_finish(start_pooler, way):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1})
    linked, waiter, late = pooler.login(), pooler.login(), pooler.login()
    linked.query("begin")
    waiter.send(m.query("select 1"))
    pooler.wait_pool(cl_waiting=1)
    if way == "command":
        with pooler.console() as console:
            assert m.tags(console.query("SHUTDOWN WAIT_FOR_SERVERS")) == ["SHUTDOWN"]
    else:
        pooler.signal(signal.SIGINT)
    waiter.expect_fatal("server shutting down")
    late.send(m.query("select 1"))
    late.expect_fatal("server shutting down")
    assert not net.can_connect(pooler.port)
    assert linked.value("select 'still'") == "still"
    linked.query("commit")
    assert pooler.wait_exit() == 0
    assert "server connections dropped, exiting" in pooler.log()
    assert not os.path.exists(pooler.pidfile) and not os.path.exists(pooler.socket_path)


@pytest.mark.quick
@pytest.mark.parametrize("way", ["command", "SIGTERM"])
def test_s158_shutdown_wait_for_clients_serves_them_to_the_last(start_pooler, way):
    pooler = start_pooler(settings={"pool_mode": "transaction"})
    client = pooler.login()
    if way == "command":
        with pooler.console() as console:
            assert m.tags(console.query("SHUTDOWN WAIT_FOR_CLIENTS")) == ["SHUTDOWN"]
    else:
        pooler.signal(signal.SIGTERM)
        pooler.wait_log("got SIGTERM, shutting down, waiting for all clients disconnect")
    net.wait_for(lambda: not net.can_connect(pooler.port), what="TCP to be refused")
    assert client.value("select 'served'") == "served"
    with pooler.wire(unix=True) as refused:
        refused.startup("alice", "p0")
        refused.expect_fatal("pooler is shutting down")
    assert pooler.show("STATE")
    assert pooler.admin_error("RESUME") == "pooler is shutting down"
    client.terminate()
    assert pooler.wait_exit() == 0
    assert "client connections dropped, exiting" in pooler.log()


@pytest.mark.compat
@pytest.mark.quick
def test_shutdown_ends_at_once_without_an_answer(start_pooler):
    pooler = start_pooler()
    client, console = pooler.login(), pooler.console()
    client.query("select 1")
    console.send(m.query("SHUTDOWN"))
    console.expect_closed()
    client.expect_closed()
    assert pooler.wait_exit() == 0
    assert "SHUTDOWN command issued" in pooler.log()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_second_signal_ends_at_once(start_pooler, number):
    pooler = start_pooler(settings={"pool_mode": "transaction"})
    client = pooler.login()
    client.query("begin")
    pooler.signal(number)
    pooler.wait_log(f"got {number.name}, shutting down")
    time.sleep(0.3)
    assert pooler.process.poll() is None
    pooler.signal(number)
    assert pooler.wait_exit() == 0
    assert f"got {number.name} while shutting down, fast exit" in pooler.log()


def test_sigquit_ends_at_once(start_pooler):
    pooler = start_pooler()
    client = pooler.login()
    client.query("begin")
    pooler.signal(signal.SIGQUIT)
    assert pooler.wait_exit() == 0
    assert "got SIGQUIT, fast exit" in pooler.log()


def test_shutdown_wait_for_clients_counts_console_sessions(start_pooler):
    pooler = start_pooler()
    with pooler.console() as console:
        assert m.tags(console.query("SHUTDOWN WAIT_FOR_CLIENTS")) == ["SHUTDOWN"]
        assert m.rows(console.query("SHOW STATE"))[0] == ["active", "yes"]
        console.expect_silence(1)
        assert pooler.process.poll() is None
    assert pooler.wait_exit() == 0


def test_shutdown_wait_for_servers_is_shown_as_paused(start_pooler):
    pooler = start_pooler()
    with pooler.login() as client:
        client.value("select 1")
        with pooler.console() as console:
            assert m.tags(console.query("SHUTDOWN WAIT_FOR_SERVERS")) == ["SHUTDOWN"]
            assert m.rows(console.query("SHOW STATE"))[1] == ["paused", "yes"]
        assert pooler.process.poll() is None
        pooler.signal(signal.SIGUSR2)
        pooler.wait_log("got SIGUSR2 while shutting down, ignoring")
        client.terminate()
    assert pooler.wait_exit() == 0


def test_plain_shutdown_wins_over_one_that_waits(start_pooler):
    pooler = start_pooler()
    with pooler.login() as client, pooler.console() as console:
        client.value("select 1")
        assert m.tags(console.query('shutdown "wait_for_clients"')) == ["SHUTDOWN"]
        assert m.tags(console.query("SHUTDOWN Wait_For_Servers")) == ["SHUTDOWN"]
        console.send(m.query("SHUTDOWN"))
        assert pooler.wait_exit() == 0


def test_signal_after_a_shutdown_command_ends_at_once(start_pooler):
    pooler = start_pooler()
    with pooler.login() as client:
        client.value("select 1")
        pooler.admin("SHUTDOWN WAIT_FOR_CLIENTS")
        pooler.signal(signal.SIGTERM)
        assert pooler.wait_exit() == 0
    assert "got SIGTERM while shutting down, fast exit" in pooler.log()
