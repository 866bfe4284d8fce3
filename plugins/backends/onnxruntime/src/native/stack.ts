/** Native calls run on stacks of koffi's own; matrix kernels keep their panels on the stack, more than its default holds. */
export const STACK_BYTES = 16 * 2 ** 20;
