using BenchmarkDotNet.Running;
using Ledger.Benchmarks;

if (args is ["stages", ..])
{
    Stages.Run(args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 100);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
