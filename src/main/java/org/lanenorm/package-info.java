/** x. */
package org.lanenorm;
