"""From a fresh clone to installed dependencies and a built SDK, then on to what was asked for.

Run by whatever Python is there (`python3 project/bootstrap run`), so all of this and project/progress.py use the standard
library alone, and no syntax newer than Python 3.8's.
"""
