{{ typed_contributions('website_traffic') }}
