"""Faults with real processes: what dies, and what must hold all the same.

Every test starts a whole installation (PostgreSQL, a Redis-protocol broker, workers, beat, an SMTP server), breaks
one part of it on purpose while people file, and then looks from outside: at the tables through a plain database
connection, and at the mail that arrived. What must hold: every acknowledged filing is there, every notice once, every
mail once, the evidence verifies, and it all goes on by itself when the fault is over.

    F04  the broker dies and comes back empty
    F05  the broker's memory is wiped while it runs
    F07  the broker freezes, or the line to it dies without a word; a worker that hears nothing ends itself
    F12  three beats and three workers at once
    F19  a process dies before or after any commit or call to the outside
    F20  fifty at once want the same thing

Scaled down, they run every day (marker `process`); `make faults` runs them at full size (`figures.scaled`), the
violent ones (marker `long`) with them, and prints every figure with its limit.
`installation.py` starts and ends processes by their pid; `broker.py` is a broker that can be killed and frozen;
`proxy.py` is a line that can go dead.
"""
