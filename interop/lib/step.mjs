/** Runs one named step of a program; the first that fails ends the program and is named. */
export async function step(name, action) {
  try {
    const result = await action();
    console.log(`ok   ${name}`);
    return result;
  } catch (error) {
    console.log(`FAIL ${name}`);
    console.log(error);
    process.exit(1);
  }
}
