using BenchmarkDotNet.Running;
using Ledger.Benchmarks;

if (args is ["stages", ..])
{
    Stages.Run(args.Length > 1 ? Number(args[1]) : 100);
    return;
}

if (args is ["etcd", var endpoints, var clients, var valueBytes, var seconds])
{
    await EtcdLoad.RunAsync(
        [.. endpoints.Split(',').Select(endpoint => new Uri(endpoint))], Number(clients), Number(valueBytes),
        TimeSpan.FromSeconds(Number(seconds)));
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);

static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
