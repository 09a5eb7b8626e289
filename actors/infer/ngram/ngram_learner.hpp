#pragma once

#include "infer/learner.hpp"
#include "infer/ngram/ngram_weights.hpp"

namespace leat {

/// Logistic regression over hashed n-grams, by stochastic gradient descent whose step in each direction
/// shrinks with what it has moved there (AdaGrad; J. Duchi, E. Hazan, Y. Singer 2011), with an L2 penalty.
/// `rounds` passes over the rows, each in an order drawn from `seed`; `eta` is the first step.
NgramWeights learn_ngram_weights(const TrainingOptions& options, const Examples& rows,
                                 const NgramShape& shape);

/// The same as an algorithm of `train`.
Result<std::unique_ptr<Learnt>> learn_ngrams(const TrainingOptions& options, const Examples& rows);
Status ngrams_ready();

}  // namespace leat
