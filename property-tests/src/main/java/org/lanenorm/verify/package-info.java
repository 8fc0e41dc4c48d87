/** A slow oracle that is plainly right, and data that is hard on purpose. */
package org.lanenorm.verify;
