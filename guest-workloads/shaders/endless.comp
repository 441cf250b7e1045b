// SPDX-License-Identifier: MIT
// A job that does not end: it waits for a word that nobody writes.
#version 450
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) volatile buffer Words
{
    uint go_on;
    uint turns;
};

void main()
{
    uint count = 0;
    while (go_on != 0)
        count++;
    turns = count;
}
