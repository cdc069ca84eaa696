from foundation.garbage import collect_less

collect_less()  # before the tests import pandas, dlt and Dagster
