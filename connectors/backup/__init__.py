"""Backups: database and archive together, sealed, each in a folder that keeps every archived file once.

    <folder>/<id>.backup   what it holds and what it needs, and the SHA-256 of every archived file that it counts on; written last
    <folder>/<id>.dump     the database as SQL, compressed
    <folder>/<id>.pack     the archived files that no earlier pack of the folder has, as the archive sealed them
    <folder>/<id>.index    which those are

All four are sealed streams (`connectors.backup.stream`) under <keys_dir>/backup.key. The keys of personal data are never in
one: a backup holds their fingerprints, and what it holds of people is sealed with them once more.
"""
