//! Legal bases of PIPA Art. 28-8(1) and the suspension order of Art. 28-9.
