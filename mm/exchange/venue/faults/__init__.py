"""What can go wrong on the exchange's side, as a plan: asked by the server and by the exchange in process alike."""
