//! Collections that are written while they are searched, through the real program: what is acknowledged is kept, whatever
//! happens to the process, the disk, or the files.

mod crash;
mod disk;
mod upkeep;
mod writes;
