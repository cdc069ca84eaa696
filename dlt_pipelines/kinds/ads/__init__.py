"""What ad platforms share: accounts, campaigns, and the spend per campaign and day, pulled again while the
platform restates it.

A platform says how to ask for its accounts, campaigns and days (`platform.py`); `pull.py` does the rest. The
day is the ad account's own reporting day and is never shifted; money stays in the account's currency.

The first run goes back to `start_date` in slices of a month. Later runs pull the last `restated_days` again,
counted from the account's last good pull, because platforms credit invalid clicks and attribute conversions
for weeks. Rows that the platform no longer reports for those days get deleted_at. Two exceptions keep history
that a platform only hides: days of a campaign that it no longer lists, and an account that returns nothing
where it had something (lost access looks like that).

If one of several accounts refuses, the others still load: its row in `accounts` says why, and spend is
complete only up to its last good pull. Accounts that `account_ids` leaves out are ignored.
"""
