// The Cholesky factorization of the core beside Eigen's, on K + λI with K of random numbers.
//
// own: linear_algebra/cholesky.cpp. Eigen::LLT: column-major, in place, which is Eigen's blocked
// algorithm; it knows no threads but OpenMP's, which this library does not use. Blocked: the same
// algorithm around it on the core's threads, with Eigen for the panels, the triangular solves and
// the products. Best of several runs each: processor time of one thread, wall time of more.
// Prints one row for each size. cholesky.py compiles and runs it for every level.
#include "linear_algebra/cholesky.hpp"

#include <jetmlp/machine/threads.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>

namespace {

using jetmlp::Index;
using Matrix = Eigen::MatrixXd;

double seconds(int n_threads) {
    timespec now{};
    clock_gettime(n_threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Right-looking: factor a diagonal block, solve for the panel below it, subtract its products from
// what is left, one task for each block of columns.
void factor_blocked(Matrix& a, jetmlp::Execution& execution) {
    constexpr Index block = 96;
    const Index n = a.rows();
    for (Index first = 0; first < n; first += block) {
        const Index size = std::min(block, n - first);
        const Index left = n - first - size;
        auto corner = a.block(first, first, size, size);
        Eigen::LLT<Eigen::Ref<Matrix>> factor(corner);
        const Index n_tasks = (left + block - 1) / block;
        execution.team.run(n_tasks, [&](Index task, int) {
            const Index from = task * block;
            auto rows = a.block(first + size + from, first, std::min(block, left - from), size);
            corner.triangularView<Eigen::Lower>().transpose().solveInPlace<Eigen::OnTheRight>(rows);
        });
        execution.team.run(n_tasks, [&](Index task, int) {
            const Index from = task * block;
            const Index width = std::min(block, left - from);
            const auto below = a.block(first + size + from, first, left - from, size);
            a.block(first + size + from, first + size + from, left - from, width).noalias() -=
                below * below.topRows(width).transpose();
        });
    }
}

template <class Prepare, class Run>
double best(int n_threads, const Prepare& prepare, const Run& run) {
    double least = std::numeric_limits<double>::infinity();
    double total = 0.0;
    for (int i = 0; i < 3 || (total < 0.3 && i < 1000); ++i) {
        prepare();
        const double begin = seconds(n_threads);
        run();
        const double time = seconds(n_threads) - begin;
        least = std::min(least, time);
        total += time;
    }
    return least;
}

}  // namespace

int main() {
    for (const Index n : {64, 128, 256, 512, 1000, 2000, 4000}) {
        std::srand(1);
        const Matrix random = Matrix::Random(n, std::max<Index>(n / 4, 8));
        Matrix matrix = random * random.transpose();
        matrix.diagonal().array() += 1e-3 * matrix.trace();
        jetmlp::SymmetricMatrix symmetric;
        symmetric.resize(n);
        for (Index i = 0; i < n; ++i) {
            for (Index j = i; j < n; ++j) {
                symmetric.row(i)[j] = matrix(i, j);
            }
        }
        jetmlp::Cholesky own;
        Matrix work;
        std::printf("%5td", n);
        for (const int n_threads : {1, 2}) {
            jetmlp::Execution execution(n_threads);
            std::printf(" %9.3f", 1e3 * best(
                                            n_threads, [] {},
                                            [&] {
                                                if (!own.factor(symmetric, 0.0, execution)) {
                                                    std::abort();
                                                }
                                            }));
            if (n_threads == 1) {
                std::printf(" %9.3f",
                            1e3 * best(
                                      1, [&] { work = matrix; },
                                      [&] { Eigen::LLT<Eigen::Ref<Matrix>> factor(work); }));
            }
            std::printf(" %9.3f", 1e3 * best(
                                            n_threads, [&] { work = matrix; },
                                            [&] { factor_blocked(work, execution); }));
        }
        std::printf("\n");
        std::fflush(stdout);
    }
}
