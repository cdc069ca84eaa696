"""How a refresh runs its steps: each source that waits for a vendor in its own process, the rest in the
run's.

A process costs seconds, whatever it does. Its gain is that sources wait for their vendors side by side. So
the run's own process reads folders, notes that sources without credentials are not connected, and reads a
source that is the only one to wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.execution.api import ExecuteRunWithPlanIterable
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.context_creation_job import PlanExecutionContextManager
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.base import Executor
from dagster._core.executor.in_process import inprocess_execution_iterator
from dagster._core.executor.multiprocess import MultiprocessExecutor
from dagster._core.system_config.objects import ResolvedRunConfig

from dlt_pipelines.registry import SOURCES
from orchestration.assets.ingestion import step_of

_AT_ONCE = 8
"""The most processes at once: more than the machine has cores, because sources wait for vendors."""
_PRELOADED = ["orchestration.preloaded"]
"""Modules that the process from which steps are forked has imported."""


class SideBySide(Executor):
    """Runs steps side by side in processes, and in this process those that need none."""

    def __init__(self, retries: RetryMode) -> None:
        self._retries = retries
        self._processes = MultiprocessExecutor(
            retries, _AT_ONCE, start_method="forkserver", explicit_forkserver_preload=_PRELOADED
        )

    @property
    def retries(self) -> RetryMode:
        """Whether a failed step is retried."""
        return self._retries

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """Run the steps of the plan."""
        keys = execution_plan.step_keys_to_execute
        waits = {
            step_of(name) for name, one in SOURCES.items() if one.kind == "system" and one.is_connected()
        }
        apart = [key for key in keys if key in waits]
        here = [key for key in keys if len(apart) == 1 or key not in waits]
        if len(apart) == 1:
            apart = []
        if here:
            plan = _part(plan_context, execution_plan, here)
            yield from ExecuteRunWithPlanIterable(
                execution_plan=plan,
                iterator=inprocess_execution_iterator,
                execution_context_manager=PlanExecutionContextManager(
                    job=plan_context.job,
                    retry_mode=self._retries,
                    execution_plan=plan,
                    run_config=plan_context.run_config,
                    dagster_run=plan_context.dagster_run,
                    instance=plan_context.instance,
                    raise_on_error=plan_context.raise_on_error,
                ),
            )
        if apart:
            yield from self._processes.execute(plan_context, _part(plan_context, execution_plan, apart))


def _part(plan_context: PlanOrchestrationContext, plan: ExecutionPlan, keys: Sequence[str]) -> ExecutionPlan:
    if len(keys) == len(plan.step_keys_to_execute):
        return plan
    job = plan_context.job.get_definition()
    return plan.build_subset_plan(keys, job, ResolvedRunConfig.build(job, plan_context.run_config))


@dg.executor(
    name="side_by_side",
    config_schema={
        "retry": dg.Field(
            bool,
            default_value=True,
            description="Retry a failed source after some minutes. Off if a person waits for the result",
        )
    },
    requirements=dg.multiple_process_executor_requirements(),
)
def side_by_side(init_context: dg.InitExecutorContext) -> Executor:
    """Run each source in its own process, if there are several."""
    return SideBySide(RetryMode.ENABLED if init_context.executor_config["retry"] else RetryMode.DISABLED)
