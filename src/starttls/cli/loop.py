"""The event loop of a verb: name lookups that hang hold up neither other lookups nor the end."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

__all__ = ["Threads", "run_loop"]

P = ParamSpec("P")
T = TypeVar("T")


class Threads(ThreadPoolExecutor):
    """Gives every call a thread of its own, which dies with the process.

    The system's resolver may take half a minute to give up, and cannot be interrupted. asyncio's own executor has a
    handful of threads, so that a few dead names would stop all others, and the process would wait for them at its
    end, long after the timeout.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call ``fn`` in a new thread."""
        future: Future[T] = Future()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - handed over, as executors do
                future.set_exception(error)

        threading.Thread(target=call, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - inherited
        """Wait for nobody."""
        del wait
        super().shutdown(wait=False, cancel_futures=cancel_futures)


def run_loop(main: Coroutine[object, object, T]) -> T:
    """`asyncio.run`, with `Threads` for what blocks."""
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(Threads())
        return runner.run(main)
