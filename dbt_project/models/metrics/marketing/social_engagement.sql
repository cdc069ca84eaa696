{{ typed_contributions('social_engagement') }}
