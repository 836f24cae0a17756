"""Worker processes that read untrusted files within limits, and a fair queue before them.

`pool.run` does a job in a worker and returns its answer; `pool.stream` yields its answers one by one.  A worker that exceeds
its limits is killed: the caller gets one sentence for people, and the log has the reason.  These modules know neither gevent
nor the database.  A call blocks its thread, so do not make it on the hub.
"""
