using Ledger.Node.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Ledger.Node.Hosting;

/// <summary>Logs: a line each on a terminal, JSON where a machine reads them.</summary>
internal static class NodeLogging
{
    public static ILoggerFactory Create(NodeOptions options, LogLevels levels)
        => LoggerFactory.Create(builder => Configure(builder, options, levels));

    public static void Configure(ILoggingBuilder builder, NodeOptions options, LogLevels levels)
    {
        var json = options.LogFormat == "json" || (options.LogFormat == "auto" && Console.IsOutputRedirected);
        builder.ClearProviders();

        // Asked with each line, since an operator may change it at any time.
        builder.SetMinimumLevel(LogLevel.Trace);
        builder.AddFilter((_, level) => level >= levels.Current);
        builder.AddFilter("Microsoft", LogLevel.Warning);

        // That the host did not start is told by whoever started it, in words.
        builder.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        if (json)
        {
            builder.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            builder.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
            });
        }

        LimitRepeats(builder.Services);
    }

    /// <summary>Whatever writes to the console does so through the limit.</summary>
    private static void LimitRepeats(IServiceCollection services)
    {
        services.RemoveAll<ILoggerProvider>();
        services.AddSingleton<ConsoleLoggerProvider>();
        services.AddSingleton<ILoggerProvider>(parts => new RepeatLimit(
            parts.GetRequiredService<ConsoleLoggerProvider>(), TimeProvider.System));
    }
}
