"""Faults with real processes: what dies, and what must hold all the same.

Every test starts a whole installation (PostgreSQL, a Redis-protocol broker, workers, beat, an SMTP server), breaks
one part of it on purpose while people file, and then looks from outside: at the tables through a plain database
connection, and at the mail that arrived. What must hold: every acknowledged filing is there, every notice once, every
mail once, the evidence verifies, and it all goes on by itself when the fault is over.

    F01  workers are killed again and again
    F03  a request kills whoever handles it
    F04  the broker dies and comes back empty
    F05  the broker's memory is wiped while it runs
    F06  there is no broker at all
    F07  the broker freezes, or the line to it dies without a word; a worker that hears nothing ends itself
    F08  the database dies at once, again and again, while people file
    F10  all connections of the database are taken; many file at once
    F11  the mail server refuses, lies and hangs
    F12  three beats and three workers at once
    F13  two days of silence
    F14  processes with other clocks, and a clock that is set back
    F15  processes in other zones: tests/operations/test_process_zone.py
    F17  nonsense in the queues
    F18  every message three times, in any order
    F19  a process dies before or after any commit or call to the outside
    F20  fifty at once want the same thing

`workload.py` makes twenty simulated days of people from a seed, `story.py` plays them to sweepers (`sweepers.py`) that
are killed meanwhile, `oracle.py` says what each request must have had without any code of the portal, `comparing.py`
compares.

Scaled down, they run every day (marker `process`); `make faults` runs them at full size (`figures.scaled`), the
violent ones (marker `long`) with them, and prints every figure with its limit.
`installation.py` starts and ends processes by their pid; `broker.py` is a broker that can be killed and frozen;
`proxy.py` is a line that can go dead.
"""
