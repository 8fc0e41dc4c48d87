package org.lanenorm.jmh;

import org.lanenorm.MomentsAccumulator;
import org.lanenorm.TensorShape;

/** Ways to the variance of one channel, as a benchmark's parameter names them. */
public enum VarianceAlgorithm {
  /** No variance at all, a bare sum: what one read costs. */
  READ {
    @Override
    Variance over(int elements) {
      return x -> Loops.sum(x, 0, x.length);
    }
  },

  /** {@link TextbookMoments#naive}. */
  NAIVE {
    @Override
    Variance over(int elements) {
      return TextbookMoments::naive;
    }
  },

  /** {@link TextbookMoments#welford}. */
  WELFORD {
    @Override
    Variance over(int elements) {
      // one for each row of four vectors, whatever their width
      float[] reciprocals = new float[elements / 8];
      for (int k = 0; k < reciprocals.length; k++) {
        reciprocals[k] = 1f / (k + 1);
      }
      float[] means = new float[TextbookMoments.CHUNK];
      return x -> TextbookMoments.welford(x, reciprocals, means);
    }
  },

  /** {@link TextbookMoments#twoPasses}. */
  TWO_PASSES {
    @Override
    Variance over(int elements) {
      return TextbookMoments::twoPasses;
    }
  },

  /** {@link TextbookMoments#kahan}. */
  KAHAN {
    @Override
    Variance over(int elements) {
      return TextbookMoments::kahan;
    }
  },

  /** {@link TextbookMoments#doubles}. */
  DOUBLES {
    @Override
    Variance over(int elements) {
      return TextbookMoments::doubles;
    }
  },

  /** This library's. */
  LANENORM {
    @Override
    Variance over(int elements) {
      MomentsAccumulator accumulator = new MomentsAccumulator(1);
      TensorShape shape = TensorShape.ncw(1, 1, elements);
      return x -> {
        accumulator.reset();
        accumulator.add(x, 0, shape);
        return accumulator.m2(0) / elements;
      };
    }
  };

  /** A biased variance. */
  interface Variance {
    double of(float[] x);
  }

  /** The algorithm with what it makes beforehand, once, for arrays of a length. */
  abstract Variance over(int elements);
}
