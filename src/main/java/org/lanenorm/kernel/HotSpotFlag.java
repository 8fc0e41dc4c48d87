package org.lanenorm.kernel;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/**
 * A flag of the running JVM; in a class of its own because the module that tells may be missing.
 */
final class HotSpotFlag {
  private HotSpotFlag() {}

  static boolean isOn(String name, boolean otherwise) {
    try {
      HotSpotDiagnosticMXBean hotspot =
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      return hotspot == null
          ? otherwise
          : Boolean.parseBoolean(hotspot.getVMOption(name).getValue());
    } catch (IllegalArgumentException e) {
      return otherwise;
    }
  }
}
