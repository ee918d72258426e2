"""Native where it can be, V8 where it must be, and never a different answer.

program.py    TieredProgram, and which kind of session a request gets
standing.py   what is known of one script's native tier, shared by its sessions
session.py    one request's rows, made by either tier
inline.py     one request's rows where machine code makes them all, in any thread

What lowers has been proven to leave nothing behind between pixels, so any rows may be made by
either tier, again if need be, in any order:

    no outcome yet      V8 makes rows in small parts and hands over as soon as there is one
    refused             V8 makes everything; the session is V8's own
    compiled            native makes everything and no V8 worker is held
      first answer      some of its pixels are made by V8 as well; a difference sends the program
                        back to V8 for good, the answer too
      a trap            V8 makes the rows in which something rare happened

Hooks run in V8 wherever they exist. Only this room knows both tiers.
"""
