// The first three derivatives along a line x + t v, carried forward as a Taylor series in t.
#pragma once

#include "propagation/forward_propagation.hpp"

#include <jetmlp/machine/types.hpp>

namespace jetmlp {

// Rows: n of values, then n of each derivative. It has nothing to give but taylor_derivative().
template <class T>
class TaylorPropagation final : public ForwardPropagation<T> {
  public:
    static constexpr Index n_orders = 3;

    explicit TaylorPropagation(const PackedLayout<T>& layout);

    void begin(Index n_samples) override;
    // The direction v of a sample, to be written before the pass.
    T* direction(Index sample) { return direction_.data() + sample * layers_.front().in_stride; }

    // Layer: z = W a + b, z₍ᵢ₎ = W a₍ᵢ₎, from a₍₁₎ = v and a₍₂₎ = a₍₃₎ = 0;
    //   a⁺ = σ(z),  a⁺₍₁₎ = σ' z₍₁₎,  a⁺₍₂₎ = σ' z₍₂₎ + σ'' z₍₁₎²,
    //   a⁺₍₃₎ = σ' z₍₃₎ + 3σ'' z₍₁₎ z₍₂₎ + σ''' z₍₁₎³   (Faà di Bruno).
    void forward(const PackedParameters<T>& parameters) override;

    // The derivative of output o of this order in t, from 1 to 3, of y(x + t v) at t = 0.
    [[nodiscard]] T taylor_derivative(Index sample, Index o, Index order) const {
        return a_.back()[static_cast<std::size_t>(
            (order * n_samples_ + sample) * layers_.back().out_stride + o)];
    }

  private:
    using ForwardPropagation<T>::layers_;
    using ForwardPropagation<T>::input_;
    using ForwardPropagation<T>::n_samples_;

    void activate(std::size_t l);

    Buffer<T> direction_;  // v, n rows
    typename ForwardPropagation<T>::LayerRows z_;
    typename ForwardPropagation<T>::LayerRows a_;
};

extern template class TaylorPropagation<float>;
extern template class TaylorPropagation<double>;

}  // namespace jetmlp
