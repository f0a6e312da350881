using System.Globalization;
using BenchmarkDotNet.Running;
using Ledger.Benchmarks;

switch (args)
{
    case ["stages", ..]:
        Stages.Run(NumberAt(1, 100));
        break;
    case ["write-ledger", var path, ..]:
        LargeLedger.Write(path, NumberAt(2, 1_000_000), NumberAt(3, 1000));
        break;
    case ["signatures"]:
        SignatureSpeed.Run();
        break;
    case ["join", var path]:
        JoinLedger.Run(path);
        break;
    case ["etcd", var endpoints, _, _, _]:
        await EtcdLoad.RunAsync(
            [.. endpoints.Split(',').Select(endpoint => new Uri(endpoint))], NumberAt(2, 256), NumberAt(
                3, 256),
            TimeSpan.FromSeconds(NumberAt(4, 20)));
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        break;
}

int NumberAt(int place, int otherwise)
    => args.Length > place ? int.Parse(args[place], CultureInfo.InvariantCulture) : otherwise;
