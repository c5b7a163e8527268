// The first three derivatives along one direction, carried forward as a Taylor series.
#pragma once

#include "propagation/forward_propagation.hpp"

#include <jetmlp/machine/types.hpp>

namespace jetmlp {

// Rows: n of values, then n of each derivative.
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

    // That of output o of the given order, from 1 to 3.
    [[nodiscard]] T directional_derivative(Index sample, Index o, Index order) const {
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
