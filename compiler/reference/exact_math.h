// The float32 functions of docs/quantization.md section 8, as the oracle computes them.
//
// Every operation is rounded on its own (the build says -ffp-contract=off), so a result is the same on every machine.
// The runtime has its own code for the same text; tests compare the two bit for bit.
#pragma once

namespace linnet::exact {

float exp(float x);
float log(float x);
float tanh(float x);
float erf(float x);
float sqrt(float x);
float sigmoid(float x);
float silu(float x);
float hard_sigmoid(float x, float alpha, float beta);
float hard_swish(float x);
float elu(float x, float alpha);
float gelu(float x);
float gelu_tanh(float x);
float pow(float x, float y);

// Round to nearest even of any float.
float round_even(float x);

}  // namespace linnet::exact
