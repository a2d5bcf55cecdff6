"""Tables for people, JSON for programs."""

import json
import platform
import time


class Report:
    """Collects what was measured, prints each line as it comes, remembers what missed its target."""

    def __init__(self, work):
        self.names = (work.subject.name, work.reference.name)
        if self.names[0] == self.names[1]:
            self.names = ("subject", "reference")
        self.results = {
            "subject": work.subject.version, "reference": work.reference.version,
            "kernel": platform.release(), "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "pinned": work.placement.pinned, "cpus": len(work.placement.all), "cases": {},
        }
        self.over = []
        self.failed = []

    def heading(self, title, columns):
        print(f"\n{title}\n{columns}", flush=True)

    def line(self, text):
        print(text, flush=True)

    def keep(self, name, row, over=False):
        self.results["cases"][name] = row
        if over:
            self.over.append(name)

    def fail(self, name, problem):
        self.failed.append(name)
        self.results["cases"][name] = {"failed": str(problem)}
        self.line(f"  {name:<26} FAILED: {problem}")

    def cpu_heading(self, title, names=None):
        first, second = names or self.names
        self.heading(title, f"  {'case':<26} {'target':>7} {'ratio':>7} {'min..max':>13}  "
                            f"{first + ' us':>13} {second + ' us':>13}  per")

    def cpu(self, name, row):
        target = row["target"]
        over = target is not None and row["ratio"] > target
        wanted, told = ("", "") if target is None else (f"{target:.2f}", verdict(over))
        spread = f"{row['min']:.3f}..{row['max']:.3f}"
        self.line(f"  {name:<26} {wanted:>7} {row['ratio']:>7.3f} {spread:>13}  {row['subject_us']:>13.2f} "
                  f"{row['reference_us']:>13.2f}  {row['unit']:<12} {told}{stalls(row)}")
        self.keep(name, row, over)

    def calls_heading(self):
        first, second = self.names
        self.heading("System calls of the pooler per unit of work (strace -c -f)",
                     f"  {'case':<26} {'target':>7} {first:>11} {second:>11}  per")

    def calls(self, name, row):
        over = row["subject"] > row["target"]
        self.line(f"  {name:<26} {row['target']:>7.1f} {row['subject']:>11.2f} {row['reference']:>11.2f}  "
                  f"{row['unit']:<12} {verdict(over)}")
        self.keep(name, row, over)

    def slow_heading(self, work):
        first, second = self.names
        self.heading(f"Resident memory above idle, a {work.options.slow_bytes >> 20} MiB result read slowly (MiB)",
                     f"  {'case':<26} {'target':>7} {first:>11} {second:>11}")

    def slow(self, name, row):
        over = row["subject"]["above_idle_mib"] > row["target"]
        self.line(f"  {name:<26} {row['target']:>7.1f} {row['subject']['above_idle_mib']:>11.2f} "
                  f"{row['reference']['above_idle_mib']:>11.2f}  {verdict(over)}")
        self.keep(name, row, over)

    def idle_heading(self, work):
        first, second = self.names
        self.heading(f"Resident memory per client, {work.options.idle_clients} clients (KiB)",
                     f"  {'case':<26} {first:>11} {second:>11}")

    def idle(self, name, row):
        for key, label in (("idle_kib", "idle"), ("after_burst_kib", "after a burst"),
                           ("after_leaving_kib", "after they left")):
            self.line(f"  {name + ', ' + label:<26} {row['subject'][key]:>11.2f} {row['reference'][key]:>11.2f}")
        self.keep(name, row)

    def latency_heading(self):
        first, second = self.names
        self.heading("Latency of 8 steady clients, 1000 queries/s together (us)",
                     f"  {'case':<26} {first + ' p50':>14} {'p99':>9} {'max':>9}   {second + ' p50':>14} {'p99':>9} "
                     f"{'max':>9}")

    def latency(self, name, row):
        ours, theirs = row["subject"], row["reference"]
        self.line(f"  {name:<26} {ours['p50_us']:>14.0f} {ours['p99_us']:>9.0f} {ours['max_us']:>9.0f}   "
                  f"{theirs['p50_us']:>14.0f} {theirs['p99_us']:>9.0f} {theirs['max_us']:>9.0f}")
        self.keep(name, row)

    def pgbench(self, rows):
        first, second = self.names
        self.heading("pgbench -S on PostgreSQL, 16 clients: CPU of the pooler per transaction",
                     f"  {'case':<26} {'ratio':>7} {'min..max':>13}  {first + ' us':>13} {second + ' us':>13} "
                     f"{first + ' tps':>14} {second + ' tps':>14}")
        for mode, row in rows.items():
            spread = f"{row['min']:.3f}..{row['max']:.3f}"
            self.line(f"  {'pgbench-' + mode:<26} {row['ratio']:>7.3f} {spread:>13}  {row['subject']['us']:>13.2f} "
                      f"{row['reference']['us']:>13.2f} {row['subject']['tps']:>14.0f} "
                      f"{row['reference']['tps']:>14.0f}")
            self.keep(f"pgbench-{mode}", row)

    def finish(self, path, seconds):
        self.results["seconds"] = seconds
        self.results["over"], self.results["failed"] = self.over, self.failed
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.results, indent=1) + "\n")
        self.line(f"\n{len(self.results['cases'])} cases in {seconds:.0f} s: {len(self.over)} over target"
                  f"{': ' + ', '.join(self.over) if self.over else ''}; {len(self.failed)} failed. Results: {path}")


def stalls(row):
    """Windows in which nothing moved: on a quiet machine there are none, or a pooler stands still."""
    counts = row["subject_empty_windows"], row["reference_empty_windows"]
    return f" (empty windows: {counts[0]} and {counts[1]})" if any(counts) else ""


def verdict(over):
    return "OVER" if over else "ok"
