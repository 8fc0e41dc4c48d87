package org.lanenorm.examples;

import java.util.List;

/** Stochastic gradient descent with momentum: {@code v = inertia*v + gradient; w -= rate*v}. */
final class GradientDescent {
  private static final float INERTIA = 0.9f;

  private final List<Parameter> parameters;
  private final List<float[]> velocities;

  GradientDescent(List<Parameter> parameters) {
    this.parameters = parameters;
    velocities = parameters.stream().map(each -> new float[each.values().length]).toList();
  }

  /** Moves every parameter against its gradient. */
  void step(float rate) {
    for (int p = 0; p < velocities.size(); p++) {
      float[] values = parameters.get(p).values();
      float[] gradient = parameters.get(p).gradient();
      float[] velocity = velocities.get(p);
      for (int i = 0; i < velocity.length; i++) {
        velocity[i] = INERTIA * velocity[i] + gradient[i];
        values[i] -= rate * velocity[i];
      }
    }
  }
}
