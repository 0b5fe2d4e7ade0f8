//! Attacks, by the lines of the threat model: `attack_NN_*` is line NN.

mod collecting;
mod orchestrator;
