"""What Avanak does for its users, apart from dialling.

These modules know no gevent, no event socket and no Flask; a test holds this.
"""
