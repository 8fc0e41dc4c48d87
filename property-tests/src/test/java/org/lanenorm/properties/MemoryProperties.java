package org.lanenorm.properties;

import org.lanenorm.verify.GuardContract;
import org.lanenorm.verify.InPlaceContract;

/** Nothing is read or written beyond the slices that were given, whether they are one or many. */
class MemoryProperties extends Properties implements GuardContract, InPlaceContract {}
