"""A real QuestDB; its table `trades` has three rows."""

import json
import os
import subprocess
import urllib.parse
import urllib.request

from . import net

_CONF = """\
pg.net.bind.to=127.0.0.1:{port}
pg.user=admin
pg.password={password}
http.bind.to=127.0.0.1:{http}
http.min.enabled=false
line.tcp.enabled=false
line.udp.enabled=false
qwp.udp.enabled=false
telemetry.enabled=false
metrics.enabled=false
shared.worker.count=2
cairo.wal.enabled.default=false
"""

_TABLE = ("CREATE TABLE IF NOT EXISTS trades (ts TIMESTAMP, symbol SYMBOL, side SYMBOL, price DOUBLE, amount DOUBLE) "
          "TIMESTAMP(ts) PARTITION BY DAY BYPASS WAL")
_ROWS = ("INSERT INTO trades VALUES ('2026-01-01T00:00:00Z', 'BTC-USD', 'sell', 39269.98, 0.042), "
         "('2026-01-01T00:00:01Z', 'ETH-USD', 'buy', 2615.54, 0.5), ('2026-01-01T00:00:02Z', 'BTC-USD', 'buy', 39270.5, 1)")


class QuestDB:
    """One running server on 127.0.0.1:`port`; `limits` are further lines of server.conf by key."""

    def __init__(self, directory, jar, password="quest", limits=None):
        self.directory, self._jar = directory, jar
        self.port, self._http = net.free_port(), net.free_port()
        self._limits = dict(limits or {})
        os.makedirs(f"{directory}/conf", exist_ok=True)
        self.set_password(password)
        self.start()
        if self.sql("select count() from tables() where table_name = 'trades'")[0][0] == 0:
            self.sql(_TABLE)
            self.sql(_ROWS)

    def set_password(self, password, reload=False):
        """Writes server.conf; `reload` makes the running server read it."""
        with open(f"{self.directory}/conf/server.conf", "w") as conf:
            conf.write(_CONF.format(port=self.port, http=self._http, password=password))
            conf.writelines(f"{key}={value}\n" for key, value in self._limits.items())
        if reload:
            assert self.sql("select reload_config()") == [[True]]

    def start(self):
        log = open(f"{self.directory}/questdb.log", "ab")
        self._process = subprocess.Popen(
            ["java", "-Xms64m", "-Xmx512m", "-p", self._jar, "-m", "io.questdb/io.questdb.ServerMain", "-d",
             self.directory, "-n"], stdout=log, stderr=log, cwd=self.directory)
        net.wait_for(self._answers, 60, "QuestDB", 0.1)

    def _answers(self):
        assert self._process.poll() is None, "QuestDB did not start"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._http}/ping", timeout=5) as reply:
                return reply.status == 204 and net.can_connect(self.port)
        except OSError:
            return False

    def stop(self):
        self._process.terminate()
        self._process.wait(60)

    def sql(self, query):
        """Runs a statement over HTTP, beside the PostgreSQL port; returns the rows."""
        import json
        url = f"http://127.0.0.1:{self._http}/exec?" + urllib.parse.urlencode({"query": query})
        with urllib.request.urlopen(url, timeout=30) as reply:
            return json.load(reply).get("dataset")
