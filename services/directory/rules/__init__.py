"""What the directory decides, without I/O and without a clock.

- `fields`: what was written, made into what is stored, and what is wrong with it
- `notation`: single values in the notations that people use: telephones, dates, identifiers
- `changes`: patches, what a suggestion would change, where it conflicts, who is trusted
- `verification`: which state may follow which
- `places`: cities and regions in all their notations
- `alike`: when two entries are probably one organisation
- `index`: what records are found by (`ix`)
"""
