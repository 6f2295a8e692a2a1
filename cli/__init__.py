"""`hinterland`, the operator's command line. One module for each group of commands.

Exit codes: 0 done; 1 failed, the message says what to do; 2 the command was not understood;
3 it works, but something is down, behind or unequal (`status`, `verify`) or rows were refused
(`import`).
"""
