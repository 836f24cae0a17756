"""Where bytes from strangers are read: worker processes with limits, and a queue that is fair.

`pool.run` does a job in a worker and gives its answer, `pool.stream` gives its answers one by one.
A worker that takes too much is ended; whoever waits gets one sentence, the log has the reason.
These modules know no gevent and no database; a call blocks its thread, so make it off the hub.
"""
