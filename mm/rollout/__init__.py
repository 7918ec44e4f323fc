"""The stage machine: where the rollout stands, what a stage allows, what must be shown to step up."""
