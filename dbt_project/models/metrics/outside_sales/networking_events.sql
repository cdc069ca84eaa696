{{ typed_contributions('networking_events') }}
