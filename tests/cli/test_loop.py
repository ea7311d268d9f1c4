import asyncio
import threading
import time

import pytest

from starttls.cli.loop import Threads, run_loop


def test_what_the_coroutine_returns() -> None:
    async def main() -> int:
        return await asyncio.to_thread(lambda: 42)

    assert run_loop(main()) == 42


def test_what_the_coroutine_raises() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().run_in_executor(None, int, "x")

    with pytest.raises(ValueError, match="invalid literal"):
        run_loop(main())


def test_calls_that_hang_hold_up_neither_others_nor_the_end() -> None:
    release = threading.Event()

    async def main() -> int:
        loop = asyncio.get_running_loop()
        stuck = [loop.run_in_executor(None, release.wait) for _ in range(50)]
        answer = await loop.run_in_executor(None, lambda: 42)
        for one in stuck:
            one.cancel()
        return answer

    began = time.monotonic()
    assert run_loop(main()) == 42
    assert time.monotonic() - began < 2
    release.set()


def test_a_call_that_was_cancelled_is_not_made() -> None:
    threads = Threads()
    assert threads.submit(lambda: 1).result(timeout=5) == 1
    threads.shutdown()
